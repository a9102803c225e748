export function during<T>(what: string, work: () => Promise<T>): Promise<T>;
