/// <reference lib="dom" />
/**
 * Where the page begins in the browser.
 *
 * @module
 */

import { h, render } from "preact";
import { App } from "./app.ts";
import { takeToken } from "./asking/session_token.ts";

render(h(App, { token: takeToken() }), document.body);
