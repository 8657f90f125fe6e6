// `node main.mjs MODULE FUNCTION [JSON]` prints what the function returns, or how its error is called.
const [name, scenario, input] = process.argv.slice(2);
const module = await import(`./${name}.mjs`);
try {
  const result = await module[scenario](JSON.parse(input ?? "{}"));
  console.log(JSON.stringify({ result }));
} catch (error) {
  const { name, message, constructor, $metadata } = error;
  console.log(JSON.stringify({ error: { name, message, kind: constructor.name, status: $metadata?.httpStatusCode } }));
}
