export const FOR_ALL: readonly string[];
export const FOR_PRODUCT: readonly string[];
