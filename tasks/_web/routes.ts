/**
 * What can be asked for, as a table: each request that the guard lets through, and what answers it.
 *
 * @module
 */

import { errorMessage, InvalidArgumentError } from "../../lib/errors.ts";
import type { Plan } from "../../lib/plan/plan.ts";
import { jsonInLines } from "../../lib/text/terminal_text.ts";
import { wordsToType } from "../../lib/view/plan_rows.ts";
import { type Answers, LINES, lineStream } from "./answers.ts";
import {
  explainView,
  findingsView,
  planView,
  repairView,
  rowsView,
  storeView,
} from "./answer_reads.ts";
import { backupContentsView, backupsView } from "./answer_backups.ts";
import { turn, type Workshop } from "./carry_out.ts";
import { API, isRefused, type Refused, refused } from "./guard.ts";
import type { CancelAnswer, EventLine, ReadAnswer } from "./messages.ts";
import {
  applyRequestIn,
  bad,
  pinRequestIn,
  planRequestIn,
  readBody,
  restoreRequestIn,
  rowsIn,
  windowIn,
} from "./queries.ts";
import type { WebRequest } from "./serving/serve_requests.ts";
import { OUTDATED, type Session, type Shown } from "./session.ts";
import type { ReadStore } from "./watch_store.ts";
import { applying, repairing, restoring } from "./works.ts";

/** What routes work on. */
export interface RouteContext {
  /** The session. */
  readonly session: Session;
  /** What is carried out; `null` where the page may only read. */
  readonly workshop: Workshop | null;
  /** What makes answers. */
  readonly answers: Answers;
}

/** A request, taken apart. */
interface Asked {
  readonly request: WebRequest;
  readonly query: URLSearchParams;
}

type Route = (context: RouteContext, asked: Asked) => Promise<Response | Refused>;

const SEVERITIES: readonly (string | null)[] = [null, "error", "warning", "info"];

/** What only tells. */
const READING: Readonly<Record<string, Route>> = {
  "GET events": ({ session: { watch }, answers }) =>
    Promise.resolve(
      answers.text(lineStream<EventLine>(watch.listen), LINES),
    ),
  "GET store": onceRead(
    withRead(({ session, answers }, read) => answers.json(storeView(session, read))),
  ),
  // What another program has changed is seen by this; while something is carried out, its end reads again anyway.
  "POST read": async ({ session: { watch }, workshop, answers }, asked) => {
    const wanted = await readBody(asked.request);
    if (isRefused(wanted)) return wanted;
    const busy = await (workshop === null ? watch.readAgain() : workshop.once(async () => {}));
    return busy ??
      answers.json({ generation: watch.current()?.generation ?? null } satisfies ReadAnswer);
  },
  "POST plan": async (context, asked) => {
    const wanted = await bodyOf(asked, planRequestIn);
    if (isRefused(wanted)) return wanted;
    // Planning takes the whole process, so that of several that were asked for at once only the last is made.
    if (!await context.session.isLast(turn)) return OUTDATED;
    return await onceRead(
      withRead(({ session, answers }, read) =>
        answers.json(planView(session, read, session.show(read, wanted)))
      ),
    )(context, asked);
  },
  "GET rows": withShown(({ session, answers }, { query }, read, shown) => {
    const [wanted, window] = [rowsIn(query), windowIn(query)];
    if (isRefused(wanted)) return wanted;
    if (isRefused(window)) return window;
    return answers.json(rowsView(session, read, shown, wanted, window));
  }),
  "GET explain": withShown(({ session, answers }, { query }, read, shown) => {
    const id = query.get("id") ?? "";
    return id === ""
      ? bad("expected id: that of a run, model, experiment or orphan, or a name")
      : answers.json(explainView(session, read, shown, id));
  }),
  "GET plan.json": withShown(({ answers }, _, __, { plan }) =>
    answers.text(
      ReadableStream.from(jsonInLines(plan)).pipeThrough(new TextEncoderStream()),
      "application/json; charset=utf-8",
      { "content-disposition": 'attachment; filename="plan.json"' },
    )
  ),
  "GET findings": async ({ session, answers }, { query }) => {
    const [read, window, severity] = [session.read(), windowIn(query), query.get("severity")];
    if (isRefused(read)) return read;
    if (isRefused(window)) return window;
    if (!SEVERITIES.includes(severity)) return bad("expected severity as error, warning or info");
    const found = await session.watch.findings();
    return answers.json(findingsView(session, found, severity, window));
  },
  "GET repair": async ({ session, answers }, { query }) => {
    const [read, window] = [session.read(), windowIn(query)];
    if (isRefused(read)) return read;
    if (isRefused(window)) return window;
    if (session.store.mending === null) {
      return refused(404, "not-supported", "nothing can be repaired in this kind of store");
    }
    return answers.json(repairView(session, read, await session.repairs(read), window));
  },
  "GET backups": async ({ session, answers }, { query }) => {
    const [window, id] = [windowIn(query), query.get("id")];
    if (isRefused(window)) return window;
    if (session.store.backups === null) {
      return refused(404, "not-supported", "this kind of store has no backups");
    }
    if (id === null) return answers.json(await backupsView(session, window));
    const found = await backupContentsView(session, id, query.get("run"), window);
    return found === null
      ? refused(404, "not-found", `there is no backup ${JSON.stringify(id)}`)
      : answers.json(found);
  },
};

/** What changes the store, or ends that: where the page may only read there is none of it. */
const CHANGING: Readonly<
  Record<string, (workshop: Workshop, context: RouteContext, asked: Asked) => ReturnType<Route>>
> = {
  "POST apply": async (workshop, context, asked) => {
    const wanted = await bodyOf(asked, applyRequestIn);
    if (isRefused(wanted)) return wanted;
    const { session } = context;
    const shown = session.shown(wanted.plan);
    if (isRefused(shown)) return shown;
    return mistyped(wanted.words, shown.plan) ??
      lines(workshop.begin(applying(session, shown)), context);
  },
  "POST repair": async (workshop, context, asked) => {
    const wanted = await bodyOf(asked, applyRequestIn);
    if (isRefused(wanted)) return wanted;
    const { session } = context;
    const read = session.read();
    if (isRefused(read)) return read;
    const shown = await session.repairs(read);
    if (shown.id !== wanted.plan) return OUTDATED;
    return mistyped(wanted.words, shown.plan) ??
      lines(workshop.begin(repairing(session, shown)), context);
  },
  "POST restore": async (workshop, context, asked) => {
    const wanted = await bodyOf(asked, restoreRequestIn);
    if (isRefused(wanted)) return wanted;
    return lines(workshop.begin(restoring(context.session, wanted)), context);
  },
  "POST pin": async (workshop, { session, answers }, asked) => {
    const wanted = await bodyOf(asked, pinRequestIn);
    if (isRefused(wanted)) return wanted;
    const [read, { pinning }] = [session.read(), session.store];
    if (isRefused(read)) return read;
    if (pinning === null) {
      return refused(404, "not-supported", "runs are pinned in MLflow, by the tag mltidy.pin");
    }
    const run = read.index.runs.get(wanted.path);
    if (run === undefined) {
      return refused(404, "not-found", `there is no run ${JSON.stringify(wanted.path)}`);
    }
    const { id: runId, experimentId } = run;
    const done = await workshop.once(() => pinning.pin({ experimentId, runId }, wanted.pinned));
    if (done !== undefined) return done;
    return answers.json(wanted);
  },
  "POST cancel": (workshop, { answers }) =>
    Promise.resolve(answers.json({ cancelled: workshop.cancel() } satisfies CancelAnswer)),
};

/**
 * Answers a request of the page that the guard has let through.
 *
 * @param context What routes work on.
 * @param request The request.
 * @returns The answer.
 */
export async function answerRequest(context: RouteContext, request: WebRequest): Promise<Response> {
  const { answers, workshop } = context;
  const { pathname, searchParams: query } = new URL(request.url);
  const name = `${request.method} ${pathname.slice(API.length)}`;
  const asked = { request, query };
  try {
    const answer = await (Object.hasOwn(READING, name)
      ? READING[name]!(context, asked)
      : !Object.hasOwn(CHANGING, name)
      ? refused(404, "not-found", `there is no ${name}`)
      : workshop === null
      ? READ_ONLY
      : CHANGING[name]!(workshop, context, asked));
    return answer instanceof Response ? answer : answers.refusal(answer);
  } catch (error) {
    const isWrong = error instanceof InvalidArgumentError;
    return answers.refusal(
      refused(isWrong ? 400 : 500, isWrong ? "bad-request" : "failed", errorMessage(error)),
    );
  }
}

const READ_ONLY = refused(
  403,
  "read-only",
  "this page may only read: save the plan, or start `deno task review:apply`",
);

/** The store is read again after each change, while a page may ask for what it holds. */
function onceRead(route: Route): Route {
  return async (context, asked) => {
    await context.session.watch.settled();
    return await route(context, asked);
  };
}

function withRead(
  answer: (context: RouteContext, read: ReadStore, asked: Asked) => Response | Refused,
): Route {
  return (context, asked) => {
    const read = context.session.read();
    return Promise.resolve(isRefused(read) ? read : answer(context, read, asked));
  };
}

function withShown(
  answer: (
    context: RouteContext,
    asked: Asked,
    read: ReadStore,
    shown: Shown,
  ) => Response | Refused,
): Route {
  return withRead((context, read, asked) => {
    const shown = context.session.shown(asked.query.get("plan"));
    return isRefused(shown) ? shown : answer(context, asked, read, shown);
  });
}

async function bodyOf<T extends object>(
  { request }: Asked,
  read: (body: unknown) => T | Refused,
): Promise<T | Refused> {
  const found = await readBody(request);
  return isRefused(found) ? found : read(found.body);
}

function mistyped(words: string, plan: Plan): Refused | null {
  const wanted = wordsToType(plan);
  if (wanted === null) {
    return refused(400, "bad-request", "there is nothing to carry out, or the plan is stopped");
  }
  return words.trim() === wanted
    ? null
    : refused(400, "mistyped", `expected ${wanted}, and ${JSON.stringify(words)} was typed`);
}

function lines(
  body: ReadableStream<Uint8Array<ArrayBuffer>> | Refused,
  { answers }: RouteContext,
): Response | Refused {
  return body instanceof ReadableStream ? answers.text(body, LINES) : body;
}
