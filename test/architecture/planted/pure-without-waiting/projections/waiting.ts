export const waiting = async () => {
  await Promise.resolve();
};
