/** Work that did not end in its time. What was started may still run: end its process. */
export class UnfinishedError extends Error {
  override readonly name = 'UnfinishedError';
}

/** @throws UnfinishedError after `ms` */
export const within = async <T>(ms: number, work: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnfinishedError(`did not finish in ${Math.round(ms / 1000)} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined); // if it was late, nobody waits for it any more
  }
};
