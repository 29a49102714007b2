export const times = [new Date(), Date(), Date.now(), Temporal.Now.instant()];
