/**
 * What the runs of the example store log: parameters and metrics by kind of work.
 *
 * @module
 */

import type { NonEmpty } from "../../lib/store/snapshot.ts";

/** What the runs of an experiment log. */
export interface Topic {
  readonly source: string;
  readonly params: Readonly<Record<string, NonEmpty<string>>>;
  /** Metric → its value at the first and at the last step. */
  readonly metrics: Readonly<Record<string, readonly [number, number]>>;
}

/** Gradient boosting and its kin on tables. */
export const TABULAR: Topic = {
  source: "train_tabular.py",
  params: {
    model: ["xgboost", "lightgbm", "random_forest", "logistic_regression"],
    learning_rate: ["0.01", "0.03", "0.1", "1e-3"],
    max_depth: ["4", "6", "8", "None"],
    n_estimators: ["100", "300", "1000"],
    subsample: ["0.7", "0.9", "1.0"],
  },
  metrics: { auc: [0.58, 0.89], log_loss: [0.69, 0.31], "val/auc": [0.55, 0.86] },
};

/** Fine-tuned language models. */
export const LANGUAGE: Topic = {
  source: "finetune.py",
  params: {
    backbone: ["klue/bert-base", "monologg/koelectra-base-v3", "xlm-roberta-base"],
    learning_rate: ["1e-05", "2e-05", "5e-05"],
    batch_size: ["16", "32", "64"],
    max_length: ["128", "256"],
    epochs: ["3", "5", "10"],
  },
  metrics: { accuracy: [0.51, 0.93], f1_macro: [0.42, 0.91], loss: [0.98, 0.22] },
};

/** Image classifiers. */
export const VISION: Topic = {
  source: "train_vision.py",
  params: {
    architecture: ["resnet50", "efficientnet_b0", "vit_small"],
    learning_rate: ["0.001", "0.0003", "0.01"],
    optimizer: ["adamw", "sgd"],
    image_size: ["224", "384"],
    augmentation: ["none", "randaugment", "mixup"],
  },
  metrics: { train_loss: [2.3, 0.18], val_loss: [2.4, 0.44], top1: [0.21, 0.88] },
};

/** Time series. */
export const FORECAST: Topic = {
  source: "forecast.py",
  params: {
    model: ["prophet", "lstm", "lightgbm", "temporal_fusion_transformer"],
    horizon_days: ["7", "14", "28"],
    window: ["56", "112", "364"],
    holidays: ["KR", "none"],
    granularity: ["store", "sku", "region"],
  },
  metrics: { rmse: [48.2, 17.6], mape: [0.34, 0.11], coverage: [0.61, 0.9] },
};
