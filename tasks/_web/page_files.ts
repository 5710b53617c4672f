/**
 * Every file that the browser loads, as text: what `page/main.ts` imports, and what that imports. Written by
 * `deno run -RW tests/_support/page_files.ts`.
 *
 * @module
 */

import lib_errors_ts from "../../lib/errors.ts" with { type: "text" };
import lib_text_units_ts from "../../lib/text/units.ts" with { type: "text" };
import tasks_web_page_address_form_ts from "./page/address_form.ts" with { type: "text" };
import tasks_web_page_app_ts from "./page/app.ts" with { type: "text" };
import tasks_web_page_asking_kept_choice_ts from "./page/asking/kept_choice.ts" with {
  type: "text",
};
import tasks_web_page_asking_other_tab_ts from "./page/asking/other_tab.ts" with { type: "text" };
import tasks_web_page_asking_server_ts from "./page/asking/server.ts" with { type: "text" };
import tasks_web_page_asking_session_token_ts from "./page/asking/session_token.ts" with {
  type: "text",
};
import tasks_web_page_asking_use_answer_ts from "./page/asking/use_answer.ts" with { type: "text" };
import tasks_web_page_asking_use_events_ts from "./page/asking/use_events.ts" with { type: "text" };
import tasks_web_page_asking_use_rows_ts from "./page/asking/use_rows.ts" with { type: "text" };
import tasks_web_page_asking_use_work_ts from "./page/asking/use_work.ts" with { type: "text" };
import tasks_web_page_main_ts from "./page/main.ts" with { type: "text" };
import tasks_web_page_page_css from "./page/page.css" with { type: "text" };
import tasks_web_page_parts_css from "./page/parts.css" with { type: "text" };
import tasks_web_page_parts_bars_ts from "./page/parts/bars.ts" with { type: "text" };
import tasks_web_page_parts_controls_ts from "./page/parts/controls.ts" with { type: "text" };
import tasks_web_page_parts_element_ts from "./page/parts/element.ts" with { type: "text" };
import tasks_web_page_parts_focused_ts from "./page/parts/focused.ts" with { type: "text" };
import tasks_web_page_parts_kept_focus_ts from "./page/parts/kept_focus.ts" with { type: "text" };
import tasks_web_page_parts_long_list_ts from "./page/parts/long_list.ts" with { type: "text" };
import tasks_web_page_parts_moment_ts from "./page/parts/moment.ts" with { type: "text" };
import tasks_web_page_parts_notice_ts from "./page/parts/notice.ts" with { type: "text" };
import tasks_web_page_parts_pager_ts from "./page/parts/pager.ts" with { type: "text" };
import tasks_web_page_parts_work_panel_ts from "./page/parts/work_panel.ts" with { type: "text" };
import tasks_web_page_pure_choice_ts from "./page/pure/choice.ts" with { type: "text" };
import tasks_web_page_pure_formats_ts from "./page/pure/formats.ts" with { type: "text" };
import tasks_web_page_pure_route_ts from "./page/pure/route.ts" with { type: "text" };
import tasks_web_page_pure_row_window_ts from "./page/pure/row_window.ts" with { type: "text" };
import tasks_web_page_pure_standing_ts from "./page/pure/standing.ts" with { type: "text" };
import tasks_web_page_pure_typed_number_ts from "./page/pure/typed_number.ts" with { type: "text" };
import tasks_web_page_tabs_apply_card_ts from "./page/tabs/apply_card.ts" with { type: "text" };
import tasks_web_page_tabs_carry_out_ts from "./page/tabs/carry_out.ts" with { type: "text" };
import tasks_web_page_tabs_explain_tab_ts from "./page/tabs/explain_tab.ts" with { type: "text" };
import tasks_web_page_tabs_findings_card_ts from "./page/tabs/findings_card.ts" with {
  type: "text",
};
import tasks_web_page_tabs_plan_tab_ts from "./page/tabs/plan_tab.ts" with { type: "text" };
import tasks_web_page_tabs_plan_tree_ts from "./page/tabs/plan_tree.ts" with { type: "text" };
import tasks_web_page_tabs_policy_tab_ts from "./page/tabs/policy_tab.ts" with { type: "text" };
import tasks_web_page_tabs_row_list_ts from "./page/tabs/row_list.ts" with { type: "text" };
import tasks_web_page_tabs_store_tab_ts from "./page/tabs/store_tab.ts" with { type: "text" };
import tasks_web_page_tabs_undo_tab_ts from "./page/tabs/undo_tab.ts" with { type: "text" };
import tasks_web_page_views_css from "./page/views.css" with { type: "text" };

/** Their texts, by their paths in the repository. */
export const PAGE_FILES: Readonly<Record<string, string>> = {
  "lib/errors.ts": lib_errors_ts,
  "lib/text/units.ts": lib_text_units_ts,
  "tasks/_web/page/address_form.ts": tasks_web_page_address_form_ts,
  "tasks/_web/page/app.ts": tasks_web_page_app_ts,
  "tasks/_web/page/asking/kept_choice.ts": tasks_web_page_asking_kept_choice_ts,
  "tasks/_web/page/asking/other_tab.ts": tasks_web_page_asking_other_tab_ts,
  "tasks/_web/page/asking/server.ts": tasks_web_page_asking_server_ts,
  "tasks/_web/page/asking/session_token.ts": tasks_web_page_asking_session_token_ts,
  "tasks/_web/page/asking/use_answer.ts": tasks_web_page_asking_use_answer_ts,
  "tasks/_web/page/asking/use_events.ts": tasks_web_page_asking_use_events_ts,
  "tasks/_web/page/asking/use_rows.ts": tasks_web_page_asking_use_rows_ts,
  "tasks/_web/page/asking/use_work.ts": tasks_web_page_asking_use_work_ts,
  "tasks/_web/page/main.ts": tasks_web_page_main_ts,
  "tasks/_web/page/page.css": tasks_web_page_page_css,
  "tasks/_web/page/parts.css": tasks_web_page_parts_css,
  "tasks/_web/page/parts/bars.ts": tasks_web_page_parts_bars_ts,
  "tasks/_web/page/parts/controls.ts": tasks_web_page_parts_controls_ts,
  "tasks/_web/page/parts/element.ts": tasks_web_page_parts_element_ts,
  "tasks/_web/page/parts/focused.ts": tasks_web_page_parts_focused_ts,
  "tasks/_web/page/parts/kept_focus.ts": tasks_web_page_parts_kept_focus_ts,
  "tasks/_web/page/parts/long_list.ts": tasks_web_page_parts_long_list_ts,
  "tasks/_web/page/parts/moment.ts": tasks_web_page_parts_moment_ts,
  "tasks/_web/page/parts/notice.ts": tasks_web_page_parts_notice_ts,
  "tasks/_web/page/parts/pager.ts": tasks_web_page_parts_pager_ts,
  "tasks/_web/page/parts/work_panel.ts": tasks_web_page_parts_work_panel_ts,
  "tasks/_web/page/pure/choice.ts": tasks_web_page_pure_choice_ts,
  "tasks/_web/page/pure/formats.ts": tasks_web_page_pure_formats_ts,
  "tasks/_web/page/pure/route.ts": tasks_web_page_pure_route_ts,
  "tasks/_web/page/pure/row_window.ts": tasks_web_page_pure_row_window_ts,
  "tasks/_web/page/pure/standing.ts": tasks_web_page_pure_standing_ts,
  "tasks/_web/page/pure/typed_number.ts": tasks_web_page_pure_typed_number_ts,
  "tasks/_web/page/tabs/apply_card.ts": tasks_web_page_tabs_apply_card_ts,
  "tasks/_web/page/tabs/carry_out.ts": tasks_web_page_tabs_carry_out_ts,
  "tasks/_web/page/tabs/explain_tab.ts": tasks_web_page_tabs_explain_tab_ts,
  "tasks/_web/page/tabs/findings_card.ts": tasks_web_page_tabs_findings_card_ts,
  "tasks/_web/page/tabs/plan_tab.ts": tasks_web_page_tabs_plan_tab_ts,
  "tasks/_web/page/tabs/plan_tree.ts": tasks_web_page_tabs_plan_tree_ts,
  "tasks/_web/page/tabs/policy_tab.ts": tasks_web_page_tabs_policy_tab_ts,
  "tasks/_web/page/tabs/row_list.ts": tasks_web_page_tabs_row_list_ts,
  "tasks/_web/page/tabs/store_tab.ts": tasks_web_page_tabs_store_tab_ts,
  "tasks/_web/page/tabs/undo_tab.ts": tasks_web_page_tabs_undo_tab_ts,
  "tasks/_web/page/views.css": tasks_web_page_views_css,
};
