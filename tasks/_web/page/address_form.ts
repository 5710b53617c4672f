/// <reference lib="dom" />
/**
 * What is asked of a reader whose tab has no token.
 *
 * @module
 */

import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { askOtherTab } from "./asking/other_tab.ts";
import { button, div, form, h1, input, label, main, p } from "./parts/element.ts";
import { notice } from "./parts/notice.ts";
import { readRoute, readToken } from "./pure/route.ts";

/**
 * Asks for the address.
 *
 * @param properties What to do with its token, and what is said besides.
 * @returns The form.
 */
export function AddressForm(
  { onToken, message }: {
    readonly onToken: (token: string) => void;
    readonly message: string | null;
  },
): VNode {
  const [typed, setTyped] = useState("");
  const [error, setError] = useState<string | null>(null);
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const { view, id } = readRoute(location.hash);
    return view === "explain" && id !== null ? askOtherTab(id, () => setIsShown(true)) : undefined;
  }, []);
  const open = (event: Event): void => {
    event.preventDefault();
    const token = readToken(typed);
    if (token === null) {
      setError("Expected the whole address as mltidy prints it, from http:// to its last letter.");
    } else {
      onToken(token);
    }
  };
  return main(
    { class: "address" },
    h1({}, "mltidy"),
    message === null ? null : notice("note", p({}, message)),
    isShown
      ? notice(
        "done",
        p({}, "The tab in which mltidy is open shows it now. This one can be closed."),
      )
      : null,
    p(
      {},
      "Only who has started mltidy may look at the store, so each tab has to be opened by its address.",
    ),
    form(
      { onSubmit: open },
      label({ for: "address" }, "Paste the address that mltidy printed in the terminal"),
      div(
        { class: "field-line" },
        input({
          id: "address",
          // It holds the token, which nobody who looks over a shoulder should read.
          type: "password",
          autocomplete: "off",
          value: typed,
          "aria-invalid": error !== null,
          ...(error === null ? {} : { "aria-describedby": "address-error" }),
          onInput: (event) => {
            setError(null);
            setTyped(event.currentTarget.value);
          },
        }),
        button({ type: "submit", class: "primary" }, "Open"),
      ),
      error === null ? null : p({ id: "address-error", class: "mistyped", role: "alert" }, error),
    ),
  );
}
