export function mountRunes(
  first: readonly unknown[],
  use: (args: () => readonly unknown[]) => () => unknown,
  draw: (value: unknown) => void,
): { update(next: readonly unknown[]): void; unmount(): void; flush(): void }
