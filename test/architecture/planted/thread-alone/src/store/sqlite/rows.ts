export const row = [];
