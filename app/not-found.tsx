import { LinkButton } from '@/components/ui/button';
import { MessagePage } from '@/components/shell/message-page';

export default function NotFound() {
  return (
    <main>
      <MessagePage full mark="404" title="There is no such page" actions={<LinkButton kind="primary" href="/">To the overview</LinkButton>}>
        The address may be mistyped, or what it led to is gone.
      </MessagePage>
    </main>
  );
}
