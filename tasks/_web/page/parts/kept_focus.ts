/// <reference lib="dom" />
/**
 * Keeping the focus on the page when what had it vanishes, as a button does that is needed no longer.
 *
 * @module
 */

/** What can have the focus. */
const FOCUSABLE = "a, button, input, summary, [tabindex]";

/**
 * Gives the focus of what vanishes, or can be used no longer, to the heading nearest to where it was, unless
 * something else takes it.
 *
 * @returns What ends this.
 */
export function keepFocus(): () => void {
  let path: readonly Element[] = [];
  const note = ({ target }: Event): void => {
    path = target instanceof Element ? pathOf(target.closest(FOCUSABLE)) : [];
  };
  const observer = new MutationObserver(() => {
    const [last] = path;
    const { activeElement } = document;
    if (last === undefined || last.isConnected && !last.matches(":disabled")) return;
    if (activeElement !== document.body && activeElement !== last) return;
    const heading = path.filter((one) => one.isConnected)
      .map((one) => one.querySelector<HTMLElement>("h2, h3, h4")).find((one) => one !== null);
    heading?.setAttribute("tabindex", "-1");
    heading?.focus({ preventScroll: true });
  });
  observer.observe(document.body, {
    subtree: true,
    childList: true,
    attributeFilter: ["disabled"],
  });
  document.addEventListener("focusin", note);
  document.addEventListener("pointerdown", note);
  return () => {
    observer.disconnect();
    document.removeEventListener("focusin", note);
    document.removeEventListener("pointerdown", note);
  };
}

function pathOf(element: Element | null): readonly Element[] {
  return element === null ? [] : [element, ...pathOf(element.parentElement)];
}
