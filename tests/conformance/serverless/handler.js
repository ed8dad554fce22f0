exports.web = async (event) => ({
  statusCode: 200,
  body: JSON.stringify({ says: 'first', parameters: event.pathParameters || null }),
});
exports.queue = async (event) => {
  console.log(JSON.stringify(event.Records));
};
