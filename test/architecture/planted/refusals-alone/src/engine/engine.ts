export const engine = 'the engine';
