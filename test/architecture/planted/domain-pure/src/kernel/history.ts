export const history = 'not by the entry point';
