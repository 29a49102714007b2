export const row = {} as never;
export const rows = [] as never[];
