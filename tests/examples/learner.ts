/**
 * A small real learner for the examples: logistic regression by gradient descent, on points of two
 * overlapping clouds.
 *
 * @module
 */

/** A point, and whether it belongs to the positive cloud. */
export interface Sample {
  /** Its coordinates. */
  readonly x: readonly [number, number];
  /** 1 for the positive cloud, otherwise 0. */
  readonly y: 0 | 1;
}

/** A line that parts the plane. */
export interface Model {
  /** One for each coordinate. */
  readonly weights: readonly [number, number];
  /** Where the line is. */
  readonly bias: number;
}

/** How well a model finds the positive cloud. */
export interface Scores {
  /** Of what it calls positive, the share that is. */
  readonly precision: number;
  /** Of what is positive, the share that it calls so. */
  readonly recall: number;
  /** Their harmonic mean. */
  readonly f1: number;
}

/**
 * Makes chance that is the same in every run.
 *
 * @param seed Which.
 * @returns Numbers from 0 up to, not including, 1.
 */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * Draws points.
 *
 * @param count How many.
 * @param positiveShare The share of the positive cloud.
 * @param random Chance.
 * @returns The points.
 */
export function drawSamples(
  count: number,
  positiveShare: number,
  random: () => number,
): readonly Sample[] {
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Array.from({ length: count }, () => {
    const y = random() < positiveShare ? 1 : 0;
    const center = y === 1 ? 1 : -0.5;
    return { x: [center + normal(), center + normal()] as const, y };
  });
}

/**
 * Learns from points, one step over all of them an epoch.
 *
 * @param samples The points.
 * @param options How fast, how long, and who is told the loss of each epoch.
 * @returns The model.
 * @throws {RangeError} When the loss is no finite number any more.
 */
export async function learn(
  samples: readonly Sample[],
  options: {
    readonly rate: number;
    readonly epochs: number;
    readonly onEpoch?: (epoch: number, loss: number) => Promise<unknown>;
  },
): Promise<Model> {
  const { rate, epochs, onEpoch } = options;
  let [a, b, bias] = [0, 0, 0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    let [da, db, dbias, loss] = [0, 0, 0, 0];
    for (const { x, y } of samples) {
      const margin = a * x[0] + b * x[1] + bias;
      const error = 1 / (1 + Math.exp(-margin)) - y;
      [da, db, dbias] = [da + error * x[0], db + error * x[1], dbias + error];
      loss += Math.log1p(Math.exp(y === 1 ? -margin : margin));
    }
    const size = samples.length;
    loss /= size;
    await onEpoch?.(epoch, loss);
    if (!Number.isFinite(loss)) throw new RangeError(`Loss is ${loss} in epoch ${epoch}`);
    [a, b, bias] = [a - rate * da / size, b - rate * db / size, bias - rate * dbias / size];
  }
  return { weights: [a, b], bias };
}

/**
 * Scores a model on points that it has not seen.
 *
 * @param model The model.
 * @param samples The points.
 * @returns The scores; 0 where there is nothing to divide by.
 */
export function score({ weights, bias }: Model, samples: readonly Sample[]): Scores {
  const called = (sample: Sample) =>
    weights[0] * sample.x[0] + weights[1] * sample.x[1] + bias > 0 ? 1 : 0;
  const count = (call: 0 | 1, truth: 0 | 1) =>
    samples.filter((sample) => called(sample) === call && sample.y === truth).length;
  const hits = count(1, 1);
  const precision = hits / (hits + count(1, 0)) || 0;
  const recall = hits / (hits + count(0, 1)) || 0;
  return { precision, recall, f1: 2 * precision * recall / (precision + recall) || 0 };
}
