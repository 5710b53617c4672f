import { assert, assertEquals } from "@std/assert";
import type { Message } from "../../../lib/notify/message.ts";
import { SLACK_LIMITS, slackBody } from "../../../lib/notify/slack_blocks.ts";

const MESSAGE: Message = {
  title: "mltidy cleanup: 2 purged",
  mood: "bad",
  facts: [["Store", "/data/a&b"], ["Done", "2 purged"]],
  lines: ["Failed: <!channel> & more"],
  undo: "deno task restore x",
  link: "https://ci.example.org/a|b>c",
};

Deno.test("slackBody() mentions nobody and formats nothing, whatever it says", () => {
  assertEquals(slackBody(MESSAGE), {
    text: "❌ mltidy cleanup: 2 purged",
    blocks: [
      { type: "header", text: { type: "plain_text", text: "❌ mltidy cleanup: 2 purged" } },
      {
        type: "section",
        fields: [
          { type: "plain_text", text: "Store\n/data/a&amp;b" },
          { type: "plain_text", text: "Done\n2 purged" },
        ],
      },
      {
        type: "section",
        text: { type: "plain_text", text: "Failed: &lt;!channel&gt; &amp; more" },
      },
      { type: "section", text: { type: "plain_text", text: "To undo: deno task restore x" } },
      {
        type: "section",
        text: { type: "mrkdwn", text: "<https://ci.example.org/a%7Cb%3Ec|Report>" },
      },
    ],
  });
});

Deno.test("slackBody() keeps to every limit of Slack's, however long the message is", () => {
  for (const filler of ["x", "&", "<", "정", "😀"]) {
    const long = filler.repeat(20_000);
    const { blocks } = slackBody({
      title: long,
      mood: "good",
      facts: Array.from({ length: 13 }, (_, index) => [`Fact ${index}`, long] as const),
      lines: Array.from({ length: 20 }, () => long),
      undo: long,
      link: `https://ci.example.org/${long}`,
    });
    assert(blocks.length <= SLACK_LIMITS.blocks);
    for (const block of blocks) {
      if ("fields" in block) {
        assert(block.fields.length <= SLACK_LIMITS.fields);
        assert(block.fields.every(({ text }) => text.length <= SLACK_LIMITS.field));
      } else {
        const most = block.type === "header" ? SLACK_LIMITS.header : SLACK_LIMITS.section;
        assert(block.text.text.length <= most);
        // No escape is cut in two.
        assert(!/&(?!(?:amp|lt|gt);)/.test(block.text.text));
      }
    }
    assert(JSON.stringify(blocks).length <= SLACK_LIMITS.together);
  }
});
