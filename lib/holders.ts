/**
 * What holds runs: experiments, and orphans.
 *
 * @module
 */
