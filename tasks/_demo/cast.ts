/**
 * Who plays in the example store: its experiments with the runs that a clean-up must judge with
 * care, its registered models and its orphans. Everything else is drawn by chance around them.
 *
 * @module
 */

import type { NonEmpty, RunStatus } from "../../lib/store/snapshot.ts";
import { FORECAST, LANGUAGE, TABULAR, type Topic, VISION } from "./topics.ts";

/** A run with a part to play. Times are days before now. */
export interface CastRun {
  /** Unique in the cast: models and children refer to it. */
  readonly name: string;
  readonly status: RunStatus;
  readonly started: number;
  /** `null` when no end was recorded. */
  readonly ended: number | null;
  /** The last sign of life of a run without end; by default shortly after it started. */
  readonly seen?: number;
  /** Name of the run it is nested in. */
  readonly parent?: string;
  /** Whether a clean-up after 30 days removes it. */
  readonly prunable: boolean;
}

/** An experiment of the example. */
export interface CastExperiment {
  /** `null`: an 18-digit id is drawn, as MLflow does since 2.0. */
  readonly id: string | null;
  readonly name: string;
  /** Days before now when it was created. */
  readonly created: number;
  /** How many runs it has, and how many of them a clean-up after 30 days removes. */
  readonly runs: number;
  readonly prunable: number;
  readonly topic: Topic;
  /** Names for drawn runs; by default they are made up as MLflow does. */
  readonly runNames?: NonEmpty<string>;
  readonly cast: readonly CastRun[];
}

/** A version of a registered model. */
export interface CastVersion {
  readonly version: number;
  /** Name of a run of the cast. */
  readonly run: string;
  /** How the version refers to that run; the other two ways stay empty. */
  readonly refersBy: "run_id" | "runs:/" | "artifact_uri";
  readonly stage: "None" | "Production" | "Archived" | "Deleted_Internal";
}

/** A registered model of the example. */
export interface CastModel {
  readonly name: string;
  readonly description: string;
  /** Alias → version. */
  readonly aliases: Readonly<Record<string, number>>;
  readonly versions: NonEmpty<CastVersion>;
}

/** An experiment directory that lost its `meta.yaml`, or its row, with what else MLflow had written there. */
export interface CastOrphan {
  readonly id: string;
  /** The id that it had in a database, where ids are numbers. */
  readonly number: string;
  /** Days before now of its last change. */
  readonly changed: number;
  /** Whether the directories of a run that never got its `meta.yaml` are left. */
  readonly unfinishedRun: boolean;
  /** Experiment tags. */
  readonly tags: Readonly<Record<string, string>>;
}

/** The 15 experiments. */
export const EXPERIMENTS: NonEmpty<CastExperiment> = [
  {
    id: "0",
    name: "Default",
    created: 640,
    runs: 54,
    prunable: 14,
    topic: TABULAR,
    cast: [
      // No end was recorded: the age counts from the start.
      { name: "scratch", status: "FAILED", started: 45, ended: null, prunable: true },
      { name: "first-try", status: "KILLED", started: 51, ended: 50.9, prunable: true },
      // Never finished as far as MLflow knows: not ours to remove, however old.
      { name: "notebook-left-open", status: "RUNNING", started: 63, ended: null, prunable: false },
    ],
  },
  {
    id: "7",
    name: "fraud-baseline",
    created: 1460,
    runs: 36,
    prunable: 9,
    topic: TABULAR,
    cast: [
      { name: "night-batch-1", status: "RUNNING", started: 412, ended: null, prunable: false },
      { name: "night-batch-2", status: "RUNNING", started: 198, ended: null, prunable: false },
    ],
  },
  {
    id: null,
    name: "churn-prediction",
    created: 220,
    runs: 307,
    prunable: 31,
    topic: TABULAR,
    cast: [
      // Both sides of the limit.
      { name: "april-refresh", status: "FINISHED", started: 31.2, ended: 31, prunable: true },
      { name: "may-refresh", status: "FINISHED", started: 29.2, ended: 29, prunable: false },
      // It began long ago and ended lately: the age counts from the end.
      { name: "long-training", status: "FINISHED", started: 47, ended: 4, prunable: false },
      { name: "this-morning", status: "FINISHED", started: 0.3, ended: 0.25, prunable: false },
      // A whole family that is old goes.
      { name: "sweep", status: "FINISHED", started: 92.5, ended: 91, prunable: true },
      ...[1, 2, 3, 4].map((trial): CastRun => ({
        name: `sweep-trial-${trial}`,
        status: trial === 3 ? "FAILED" : "FINISHED",
        started: 92.5 - trial * 0.3,
        ended: 92.4 - trial * 0.3,
        parent: "sweep",
        prunable: true,
      })),
      // An old parent stays for its young child; its old child goes.
      { name: "resumed-sweep", status: "FINISHED", started: 58, ended: 40, prunable: false },
      {
        name: "resumed-sweep-trial-1",
        status: "FINISHED",
        started: 57.9,
        ended: 57.5,
        parent: "resumed-sweep",
        prunable: true,
      },
      {
        name: "resumed-sweep-trial-2",
        status: "FINISHED",
        started: 9.5,
        ended: 9.1,
        parent: "resumed-sweep",
        prunable: false,
      },
      // Registered models refer to these; the parent of one stays with it.
      { name: "churn-2024", status: "FINISHED", started: 201.2, ended: 201, prunable: false },
      { name: "champion-search", status: "FINISHED", started: 80, ended: 77, prunable: false },
      {
        name: "champion",
        status: "FINISHED",
        started: 78,
        ended: 77.5,
        parent: "champion-search",
        prunable: false,
      },
      { name: "withdrawn", status: "FINISHED", started: 15.3, ended: 15, prunable: false },
    ],
  },
  {
    id: null,
    name: "감성분석",
    created: 180,
    runs: 164,
    prunable: 22,
    topic: LANGUAGE,
    runNames: ["KoBERT 미세조정", "KoELECTRA 미세조정", "리뷰 감성 기준선", "데이터 증강"],
    cast: [
      // An old parent stays for a child that still runs.
      { name: "하이퍼파라미터 탐색", status: "FINISHED", started: 70, ended: 33, prunable: false },
      {
        name: "하이퍼파라미터 탐색 재시도",
        status: "RUNNING",
        started: 0.4,
        ended: null,
        seen: 0.002,
        parent: "하이퍼파라미터 탐색",
        prunable: false,
      },
      { name: "메모리 부족", status: "FAILED", started: 88, ended: null, prunable: true },
    ],
  },
  {
    id: null,
    name: "수요예측",
    created: 150,
    runs: 118,
    prunable: 17,
    topic: FORECAST,
    runNames: ["주간 수요예측", "매장별 예측", "명절 효과 보정", "LSTM 실험"],
    cast: [
      { name: "운영 모델 1호", status: "FINISHED", started: 131.5, ended: 131, prunable: false },
      { name: "운영 모델 2호", status: "FINISHED", started: 64.5, ended: 64, prunable: false },
    ],
  },
  {
    id: null,
    name: "credit-risk/xgboost",
    created: 120,
    runs: 96,
    prunable: 11,
    topic: TABULAR,
    cast: [
      { name: "waiting-for-gpu", status: "SCHEDULED", started: 55, ended: null, prunable: false },
      { name: "tonight", status: "SCHEDULED", started: 0.1, ended: null, prunable: false },
    ],
  },
  {
    id: null,
    name: "image-classification",
    created: 95,
    runs: 84,
    prunable: 9,
    topic: VISION,
    cast: [
      // Three generations: the youngest keeps both of its elders.
      { name: "curriculum", status: "FINISHED", started: 74, ended: 73, prunable: false },
      {
        name: "curriculum-stage-2",
        status: "FINISHED",
        started: 52,
        ended: 51,
        parent: "curriculum",
        prunable: false,
      },
      {
        name: "curriculum-stage-3",
        status: "FINISHED",
        started: 6,
        ended: 5,
        parent: "curriculum-stage-2",
        prunable: false,
      },
    ],
  },
  {
    id: null,
    name: "추천 시스템 v2",
    created: 90,
    runs: 76,
    prunable: 8,
    topic: TABULAR,
    runNames: ["협업 필터링", "후보 생성", "재순위화"],
    cast: [],
  },
  {
    id: null,
    name: "speech-to-text: whisper",
    created: 75,
    runs: 70,
    prunable: 7,
    topic: LANGUAGE,
    cast: [
      // It still logs after 44 days.
      {
        name: "pretraining",
        status: "RUNNING",
        started: 44,
        ended: null,
        seen: 0.001,
        prunable: false,
      },
    ],
  },
  {
    id: null,
    name: "anomaly-detection",
    created: 70,
    runs: 64,
    prunable: 6,
    topic: FORECAST,
    cast: [
      { name: "lost-worker", status: "FAILED", started: 33, ended: null, prunable: true },
      { name: "lost-worker-again", status: "FAILED", started: 12, ended: null, prunable: false },
    ],
  },
  {
    id: null,
    name: "ner-finetuning",
    created: 62,
    runs: 58,
    prunable: 5,
    topic: LANGUAGE,
    cast: [{ name: "preempted", status: "KILLED", started: 35, ended: 34.5, prunable: true }],
  },
  {
    id: null,
    name: "price-elasticity",
    created: 58,
    runs: 48,
    prunable: 4,
    topic: FORECAST,
    cast: [{ name: "host-gone", status: "RUNNING", started: 38, ended: null, prunable: false }],
  },
  {
    id: null,
    name: "이상탐지",
    created: 27,
    runs: 44,
    prunable: 0,
    topic: VISION,
    runNames: ["오토인코더", "표면 결함 탐지", "임계값 조정"],
    cast: [],
  },
  {
    id: null,
    name: "llm-evaluation",
    created: 19,
    runs: 38,
    prunable: 0,
    topic: LANGUAGE,
    cast: [],
  },
  {
    id: null,
    name: "ab-test #12",
    created: 12,
    runs: 36,
    prunable: 0,
    topic: TABULAR,
    cast: [],
  },
];

/** The model registry. */
export const REGISTERED_MODELS: NonEmpty<CastModel> = [
  {
    name: "churn-classifier",
    description: "Customers likely to leave within 90 days",
    aliases: { champion: 3 },
    versions: [
      { version: 1, run: "churn-2024", refersBy: "run_id", stage: "Archived" },
      { version: 2, run: "withdrawn", refersBy: "run_id", stage: "Deleted_Internal" },
      { version: 3, run: "champion", refersBy: "run_id", stage: "Production" },
    ],
  },
  {
    name: "수요예측",
    description: "매장별 주간 수요예측",
    aliases: {},
    versions: [
      { version: 1, run: "운영 모델 1호", refersBy: "runs:/", stage: "None" },
      { version: 2, run: "운영 모델 2호", refersBy: "artifact_uri", stage: "None" },
    ],
  },
];

/** The two directories that no experiment has any more: at files MLflow warns "Malformed experiment". */
export const ORPHANS: NonEmpty<CastOrphan> = [
  {
    id: "5fbbd685931c4616bdc67005b055056d",
    number: "331507796254480914",
    changed: 173,
    unfinishedRun: true,
    tags: {},
  },
  {
    id: "70e4cbddb9bd4af6aa8bc94b7da92397",
    number: "547312980266137105",
    changed: 118,
    unfinishedRun: false,
    tags: { "mlflow.note.content": "Moved to the new tracking server" },
  },
];
