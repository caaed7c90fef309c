// mailparser brings no types: as much of them as is used here.
declare module "mailparser" {
  export interface Mailbox {
    readonly name: string;
    readonly address: string;
  }

  export interface ParsedMail {
    readonly from: { readonly value: readonly Mailbox[] };
    readonly to: { readonly value: readonly Mailbox[] };
    readonly cc?: object;
    readonly bcc?: object;
    readonly subject: string;
    readonly messageId: string;
    readonly headers: ReadonlyMap<string, unknown>;
    readonly text: string;
    readonly html: string;
  }

  export function simpleParser(source: NodeJS.ReadableStream): Promise<ParsedMail>;
}
