/** `loss` → `losses`, `contract` → `contracts`: the URL segment of an aggregate. */
export const plural = (category: string): string => `${category}${category.endsWith('s') ? 'es' : 's'}`;
/** `AwardContract` → `award-contract`. */
export const kebab = (name: string): string => name.replace(/(?<!^)[A-Z]/g, '-$&').toLowerCase();
