import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";

export async function roundTrip({ queue }) {
  const sqs = new SQSClient({});
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: queue }));
  const { QueueUrl: looked } = await sqs.send(new GetQueueUrlCommand({ QueueName: queue }));
  // Every later call takes its endpoint from the host of QueueUrl, not from the environment.
  const { MessageId } = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "naïve & <one>" }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0].ReceiptHandle }));
  const Entries = [..."abc"].map((Id) => ({ Id, MessageBody: Id }));
  const { Successful } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  return {
    url: QueueUrl,
    looked,
    body: Messages[0].Body,
    same: Messages[0].MessageId === MessageId,
    batch: Successful.map((entry) => entry.Id),
  };
}

export async function gone({ url }) {
  await new SQSClient({}).send(new SendMessageCommand({ QueueUrl: url, MessageBody: "x" }));
}
