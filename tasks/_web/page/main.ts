/// <reference lib="dom" />
/**
 * Where the page begins in the browser.
 *
 * @module
 */

import { h, render } from "preact";
import { App } from "./app.ts";
import { takeToken } from "./asking/session_token.ts";

// The shell says what to do where no script runs.
document.body.replaceChildren();
render(h(App, { token: takeToken() }), document.body);
