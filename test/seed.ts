import fc from 'fast-check';

/** Properties draw the same cases in every run, so that a change is judged by itself; `SEED=n` draws others. */
fc.configureGlobal({ seed: Number(process.env['SEED'] ?? 813) });
