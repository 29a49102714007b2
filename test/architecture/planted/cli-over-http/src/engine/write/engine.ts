export const engine = 'not over HTTP';
