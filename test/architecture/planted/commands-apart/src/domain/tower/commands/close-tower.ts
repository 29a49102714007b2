export const closeTower = 'another command';
