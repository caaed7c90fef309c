/** Does what must fail nobody who is being served: what it throws or rejects with goes to `failed`, or nowhere. */
export async function unfailing(work: () => unknown, failed?: (error: unknown) => void): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (failed !== undefined) await unfailing(() => failed(error));
  }
}
