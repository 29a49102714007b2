export const embedded = 'another adapter';
