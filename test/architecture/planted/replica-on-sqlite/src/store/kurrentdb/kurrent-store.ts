export const kurrent = 1;
