import type { Permission } from './permission';

/** One domain of the console: one folder, one menu entry, one page. */
export type Room = {
  name: string;
  title: string;
  /** One line for the menu's tooltip, the palette and the docs. */
  about: string;
  /** Name of a lucide icon that the shell knows. */
  icon: string;
  /** Place in the menu. */
  order: number;
  /** Who sees the page. */
  permission: Permission;
  /** Where the page is. */
  path: `/${string}`;
  /** Its questions by name, in the order of the page's tabs; those not named follow. */
  questions?: string[];
};

export const room = (spec: Room): Room => spec;
