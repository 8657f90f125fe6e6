"use strict";

const {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} = require("@aws-sdk/client-sqs");

/**
 * A helper for one account and region.
 *
 * @param {{REGION: string, KEY: string, SECRET: string, TOKEN?: string, ENDPOINT?: string}} config
 *   ENDPOINT is where an emulator listens; without it the SDK knows where to go.
 */
module.exports = function sqs(config) {
  const client = new SQSClient({
    region: config.REGION,
    credentials: { accessKeyId: config.KEY, secretAccessKey: config.SECRET, sessionToken: config.TOKEN || undefined },
    ...(config.ENDPOINT ? { endpoint: config.ENDPOINT } : {}),
  });
  const send = (command) => client.send(command);

  return {
    async createQueue(QueueName) {
      return (await send(new CreateQueueCommand({ QueueName }))).QueueUrl;
    },

    /** URL of a queue, which only SQS knows; null where there is none. */
    async url(QueueName) {
      try {
        return (await send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
      } catch (error) {
        if (error.name === "QueueDoesNotExist") return null;
        throw error;
      }
    },

    async deleteQueue(QueueUrl) {
      await send(new DeleteQueueCommand({ QueueUrl }));
    },

    async send(QueueUrl, body, { delay } = {}) {
      const message = { QueueUrl, MessageBody: JSON.stringify(body), DelaySeconds: delay };
      return (await send(new SendMessageCommand(message))).MessageId;
    },

    /** Messages that are there, or come within `wait` seconds; each is hidden until it is removed or `hidden` is over. */
    async receive(QueueUrl, { wait = 0, most = 10, hidden } = {}) {
      const asked = { QueueUrl, WaitTimeSeconds: wait, MaxNumberOfMessages: most, VisibilityTimeout: hidden };
      const { Messages } = await send(new ReceiveMessageCommand(asked));
      return (Messages ?? []).map(({ Body, MessageId, ReceiptHandle }) => ({
        body: JSON.parse(Body),
        id: MessageId,
        receipt: ReceiptHandle,
      }));
    },

    async remove(QueueUrl, receipt) {
      await send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: receipt }));
    },

    async purge(QueueUrl) {
      await send(new PurgeQueueCommand({ QueueUrl }));
    },

    /** About how many messages are visible, delayed, and hidden. */
    async counts(QueueUrl) {
      const { Attributes } = await send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
      return {
        visible: Number(Attributes.ApproximateNumberOfMessages),
        delayed: Number(Attributes.ApproximateNumberOfMessagesDelayed),
        hidden: Number(Attributes.ApproximateNumberOfMessagesNotVisible),
      };
    },

    close() {
      client.destroy();
    },
  };
};
