export const thread = 42;
