// What happens, in a word and a sentence: of single requests while they are few, else of the last
// second.

function sentence(run, t, speed, now) {
  const window = speed;
  const last = upTo(run.arrival, t);
  const lately = last - upTo(run.arrival, t - window);
  if (lately > 3) {
    const cold = upTo(run.colds, t) - upTo(run.colds, t - window);
    const thrown = upTo(run.throttles, t) - upTo(run.throttles, t - window);
    const told = [`${lately.toLocaleString("en-US")} requests in the last ${lengthOf(window)}`];
    told.push(`${cold.toLocaleString("en-US")} started cold`);
    if (thrown) told.push(`${thrown.toLocaleString("en-US")} were refused (429)`);
    return ["", `${told.join(", ")}.`];
  }
  const row = last - 1;
  const gone = run.lastEnding[upTo(run.lastEnding, t, (i) => run.lives.ended[run.lastEnding[i]]) - 1];
  if (gone !== undefined && run.lives.ended[gone] > (row < 0 ? -1 : run.arrival[row]) && t - run.lives.ended[gone] < 4 * window) {
    const lasts = run.told.keepAlive;
    return ["gone", `Environment ${gone + 1} is gone: no request came${lasts === null ? " for too long" : ` for ${lengthOf(lasts)} (keep-alive)`}.`];
  }
  if (row < 0) return ["", run.lives.provisioned.some((one) => one) ? "No request has come yet. Provisioned environments wait for them." : "No request has come yet. No environment exists: nothing runs, nothing costs."];
  if (run.kind[row] === THROTTLE) {
    return ["throttle", `A request is refused (429): ${now.running + now.initialising} environments are at work, the limit is reached.`];
  }
  const name = run.told.functions.length > 1 ? ` of ${run.told.functions[run.functionOf[row]]}` : "";
  const which = run.environment[row] + 1;
  if (t < run.begun[row]) return ["", `A request${name} waits in the queue.`];
  if (t < run.served[row]) {
    return ["cold", `A request${name} comes and no environment is free: environment ${which} starts for it. Cold start, init takes ${lengthOf(run.init[row])}.`];
  }
  if (t < run.finish[row]) {
    if (run.kind[row] === COLD) return ["cold", `Environment ${which} runs the request${name} that waited for its cold start.`];
    if (run.kind[row] === PROVISIONED) return ["provisioned", `A request${name} comes: environment ${which} was provisioned and is ready. No cold start.`];
    return ["warm", `A request${name} comes: environment ${which} is warm and runs it at once. No init.`];
  }
  const busy = now.running + now.initialising;
  if (busy > 0) return ["", `${busy} ${busy === 1 ? "environment is" : "environments are"} at work, ${now.frozen} ${now.frozen === 1 ? "is" : "are"} frozen.`];
  if (now.frozen === 0) return ["", "No environment is left: the next request will start cold."];
  const [who, waits] = now.frozen === 1 ? ["the environment is", "waits"] : [`${now.frozen} environments are`, "wait"];
  const costs = run.lives.provisioned.some((one) => one) ? "What is provisioned costs money all the time." : "Waiting costs nothing.";
  return ["frozen", `Nothing to do: ${who} frozen and ${waits} for the next request. ${costs}`];
}
