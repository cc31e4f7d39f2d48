'use client';

import { useState, type ReactNode } from 'react';
import { messageOf } from '@/lib/client/problem';
import { Button } from './button';
import { Dialog } from './dialog';
import { Field } from './field';
import { Input } from './input';
import { Notice } from './notice';

type Props = {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  confirmLabel: string;
  danger?: boolean;
  /** Has to be typed before it can be confirmed. */
  typed?: string;
  /** The dialog stays open, and shows why, when it throws. */
  onConfirm: () => Promise<void> | void;
};

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({ open, onClose, title, children, confirmLabel, danger = false, typed, onConfirm }: Props) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [text, setText] = useState('');
  const close = () => {
    setFailure(null);
    setText('');
    onClose();
  };
  const confirm = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      close();
    } catch (error) {
      setFailure(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  const footer = (
    <>
      <Button onClick={close}>Cancel</Button>
      <Button kind={danger ? 'danger' : 'primary'} busy={busy} disabled={typed !== undefined && text !== typed} onClick={() => void confirm()}>{confirmLabel}</Button>
    </>
  );
  return (
    <Dialog open={open} onClose={close} title={title} footer={footer}>
      <div className="flex flex-col gap-3 text-sm text-muted">
        {children}
        {typed === undefined ? null : (
          <Field label={`Type ${typed} to confirm`}>{(control) => <Input {...control} value={text} onChange={(event) => setText(event.target.value)} autoComplete="off" spellCheck={false} />}</Field>
        )}
        {failure ? <Notice tone="critical">{failure}</Notice> : null}
      </div>
    </Dialog>
  );
}
