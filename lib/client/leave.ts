/** What a page with something unsaved does with a wish to go elsewhere: it asks first. */
type Guard = (go: () => void) => void;

let guard: Guard | null = null;

/** Goes elsewhere at once, or when the page has asked and may let go of what is unsaved. For what is not a link: menus, the palette, keys. */
export function leavePage(go: () => void): void {
  if (guard) guard(go);
  else go();
}

/** Until the returned function is called, `ask` decides. */
export function guardPage(ask: Guard): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = null;
  };
}
