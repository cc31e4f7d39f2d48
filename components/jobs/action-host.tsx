'use client';

import { ActionDialog } from './action-dialog';
import { BulkDialog } from './bulk-dialog';
import { Dialog } from '@/components/ui/dialog';
import { Notice } from '@/components/ui/notice';
import { messageOf } from '@/lib/client/problem';
import { useActions, type Wish } from '@/lib/client/use-jobs';

/** The dialog that was asked for, by whatever asked. */
export function ActionHost({ wishes, onClose }: { wishes: Wish[]; onClose: () => void }) {
  const { data, error } = useActions();
  const [first] = wishes;
  const action = data?.find(({ id }) => id === first?.action);
  if (!first || (!action && !error && !data)) return null;
  if (!action) {
    return (
      <Dialog open onClose={onClose} title="Nothing was begun">
        <Notice tone="warning" title="It cannot be done from here">{error ? messageOf(error) : 'You may not begin this, or this console does not know it.'}</Notice>
      </Dialog>
    );
  }
  return wishes.length === 1 ? <ActionDialog action={action} target={first.target} given={first.params} onClose={onClose} /> : <BulkDialog action={action} wishes={wishes} onClose={onClose} />;
}
