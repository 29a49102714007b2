export const registerColumns = ['transfer'];
