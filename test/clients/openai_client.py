"""Uses OpenAI's own client for Python, unchanged, and prints what it got as one JSON object."""

import json
import os

import openai
from pydantic import BaseModel


class Weather(BaseModel):
    city: str
    days: int


client = openai.OpenAI(base_url=os.environ["BASE_URL"], api_key=os.environ["API_KEY"], max_retries=0)
messages = [{"role": "user", "content": "Say hello."}]
tools = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}]
told = {}

answer = client.chat.completions.create(model="support-bot", messages=messages)
told["text"] = answer.choices[0].message.content
told["request_id"] = answer._request_id

chunks = client.chat.completions.create(
    model="support-bot", messages=messages, stream=True, stream_options={"include_usage": True}
)
streamed, usage = "", None
for chunk in chunks:
    streamed += (chunk.choices[0].delta.content or "") if chunk.choices else ""
    usage = chunk.usage or usage
told["streamed"] = streamed
told["tokens"] = usage.total_tokens

with client.chat.completions.stream(model="support-bot", messages=messages, tools=tools) as stream:
    call = stream.get_final_completion().choices[0].message.tool_calls[0]
told["call"] = [call.id, call.function.name, call.function.arguments]

parsed = client.chat.completions.parse(model="support-bot", messages=messages, response_format=Weather)
told["parsed"] = parsed.choices[0].message.parsed.model_dump()

told["vectors"] = [one.embedding for one in client.embeddings.create(model="embed", input=["a", "b"]).data]
told["models"] = [model.id for model in client.models.list()]

response = client.responses.create(model="support-bot", input="Say hello.")
told["response"] = response.output_text
with client.responses.stream(model="support-bot", input="Say hello.") as stream:
    told["response_streamed"] = stream.get_final_response().output_text

told["errors"] = []
for model in ["broken", "refused", "unknown"]:
    try:
        client.chat.completions.create(model=model, messages=messages)
    except openai.APIStatusError as error:
        told["errors"].append([type(error).__name__, error.status_code])

print(json.dumps(told))
