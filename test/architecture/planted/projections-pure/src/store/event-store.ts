export const append = 'a port';
