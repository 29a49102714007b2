export const embedded = 'an adapter';
