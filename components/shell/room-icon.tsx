import { Archive, Bell, Cable, ClipboardList, Copy, Database, HardDriveDownload, LayoutDashboard, Layers, ListTree, LockKeyhole, ScrollText, SearchCode, Settings2, Table2, Users, Workflow, Wrench, type LucideIcon } from 'lucide-react';

/** The icons that a room can name. Drawn on the server, so the list costs the browser nothing. */
const icons: Record<string, LucideIcon> = {
  archive: Archive,
  bell: Bell,
  cable: Cable,
  'clipboard-list': ClipboardList,
  copy: Copy,
  database: Database,
  'hard-drive-download': HardDriveDownload,
  layers: Layers,
  'layout-dashboard': LayoutDashboard,
  'list-tree': ListTree,
  'lock-keyhole': LockKeyhole,
  'scroll-text': ScrollText,
  'search-code': SearchCode,
  'settings-2': Settings2,
  'table-2': Table2,
  users: Users,
  workflow: Workflow,
  wrench: Wrench,
};

export function RoomIcon({ name }: { name: string }) {
  const Icon = icons[name] ?? Database;
  return <Icon className="size-4 shrink-0" strokeWidth={1.75} aria-hidden />;
}
