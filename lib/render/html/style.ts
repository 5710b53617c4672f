/** How the page of a report looks, light and dark, narrow and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --text: #1d2430; --quiet: #545d6b; --paper: #ffffff; --box: #f3f5f8; --line: #d3d9e2;
  --stays: #4a76b8; --goes: #c2410c; --bad: #b42318;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #e7eaf0; --quiet: #a9b2c0; --paper: #14181f; --box: #1e242e; --line: #39424f;
    --stays: #7aa5e6; --goes: #fb923c; --bad: #ff8a7a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 64rem; padding: 1.5rem 1rem 3rem;
  background: var(--paper); color: var(--text);
  font: 1rem/1.5 system-ui, "Noto Sans", "NanumGothic", sans-serif; overflow-wrap: anywhere;
}
h1 { font-size: 1.5rem; margin: 0; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; }
.quiet { color: var(--quiet); }
.sum { font-size: 1.15rem; font-weight: 600; }
.stop { border-left: .3rem solid var(--bad); padding: .4rem .8rem; background: var(--box); }
dl.figures {
  display: grid; gap: .5rem; margin: 0;
  grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
}
dl.figures div { background: var(--box); border-radius: .4rem; padding: .5rem .75rem; }
dt { color: var(--quiet); font-size: .9rem; }
dd { margin: 0; font-size: 1.3rem; font-weight: 600; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-top: 1px solid var(--line); }
thead th, thead td { border-top: 0; color: var(--quiet); font-weight: 500; }
tbody th { font-weight: 400; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { width: 30%; }
svg { display: block; width: 100%; }
td svg { height: .9rem; margin-top: .3rem; }
.stays { fill: var(--stays); } .goes { fill: var(--goes); }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; text-anchor: middle; }
svg line { stroke: var(--line); }
.key::before {
  content: ""; display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em;
  background: var(--stays);
}
.key.of-goes::before { background: var(--goes); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: .3rem .75rem; }
summary { cursor: pointer; }
details ul { margin: .4rem 0; padding-left: 1.2rem; }
code { font: .9em ui-monospace, monospace; }
pre { background: var(--box); border-radius: .4rem; padding: .6rem .75rem; white-space: pre-wrap; }
@media (max-width: 36rem) { .bar, .less { display: none; } }
@media print { details { break-inside: avoid; } }
`;
