# frozen_string_literal: true

# The Ruby runtime: loads the handler, then asks the Runtime API for one event after another.
# Names, error shapes and log lines are those of AWS's own Ruby runtime.

require "json"
require "logger"
require "socket"

module LambdaNb
  BASE = "/2018-06-01/runtime"

  class RuntimeError < StandardError
    attr_reader :type

    def initialize(type, message)
      super(message)
      @type = type
    end
  end

  # One keep-alive connection to the Runtime API.
  class Client
    def initialize(address)
      host, port = address.split(":")
      @socket = TCPSocket.new(host, Integer(port))
      @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    end

    def call(method, path, body = nil, headers = {})
      head = +"#{method} #{BASE}#{path} HTTP/1.1\r\nHost: runtime\r\n"
      headers.each { |name, value| head << "#{name}: #{value}\r\n" }
      head << "Content-Length: #{body.bytesize}\r\n" if body
      @socket.write(head << "\r\n", body.to_s)
      @socket.gets or raise EOFError, "the Runtime API went away"
      found = {}
      until (line = @socket.gets.chomp).empty?
        name, value = line.split(": ", 2)
        found[name.downcase] = value
      end
      [found, @socket.read(found["content-length"].to_i)]
    end
  end

  # What a handler is given beside the event.
  class Context
    attr_reader :aws_request_id, :invoked_function_arn, :deadline_ms, :identity, :client_context,
                :log_group_name, :log_stream_name, :function_name, :memory_limit_in_mb,
                :function_version, :tenant_id

    def initialize(headers)
      @aws_request_id = headers["lambda-runtime-aws-request-id"]
      @deadline_ms = headers["lambda-runtime-deadline-ms"].to_i
      @invoked_function_arn = headers["lambda-runtime-invoked-function-arn"]
      @tenant_id = headers["lambda-runtime-aws-tenant-id"]
      @identity = parsed(headers["lambda-runtime-cognito-identity"])
      @client_context = parsed(headers["lambda-runtime-client-context"])
      @log_group_name = ENV["AWS_LAMBDA_LOG_GROUP_NAME"]
      @log_stream_name = ENV["AWS_LAMBDA_LOG_STREAM_NAME"]
      @function_name = ENV["AWS_LAMBDA_FUNCTION_NAME"]
      @memory_limit_in_mb = ENV["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
      @function_version = ENV["AWS_LAMBDA_FUNCTION_VERSION"]
    end

    def get_remaining_time_in_millis
      [0, deadline_ms - (Time.now.to_f * 1000).to_i].max
    end

    private

    def parsed(text)
      text && JSON.parse(text)
    end
  end

  module_function

  # `file.method` or `file.Module::Class.method`, as a callable.
  def load_handler(root, written)
    file, *names = written.to_s.split(".")
    if file.to_s.empty? || names.empty? || names.length > 2
      raise RuntimeError.new("Runtime.MalformedHandlerName",
                             "Invalid handler #{written}, must be of form FILENAME.METHOD or " \
                             "FILENAME.CLASS.METHOD where FILENAME corresponds with an existing Ruby source file")
    end
    begin
      require File.expand_path(file, root)
    rescue SyntaxError => e
      raise RuntimeError.new("Runtime.UserCodeSyntaxError", e.message)
    rescue LoadError => e
      hint_at_sdk(e.path.to_s)
      raise RuntimeError.new("Runtime.ImportModuleError", e.message)
    end
    find_method(file, names)
  end

  # The SDK is part of AWS's runtime; here it has to be fetched, and the log says how.
  def hint_at_sdk(name)
    return unless name.start_with?("aws-sdk")

    puts "#{name} is part of AWS's Ruby runtime. Here fetch it once: lambda-nb runtimes install ruby-sdk" \
         "#{" --with #{name}" if ENV.fetch("GEM_PATH", "").split(":").any? { |at| Dir.exist?("#{at}/gems/") }}"
  end

  def find_method(file, names)
    owner = names.length == 2 ? Kernel.const_get(names[0]) : TOPLEVEL_BINDING.receiver
    owner.method(names[-1])
  rescue NameError
    raise RuntimeError.new("Runtime.HandlerNotFound", "undefined method '#{names[-1]}' in #{file}")
  end

  def error_body(error)
    known = error.is_a?(RuntimeError)
    {
      errorMessage: error.message,
      errorType: known ? error.type : "Function<#{error.class}>",
      stackTrace: known ? [] : (error.backtrace || []).take_while { |line| !line.start_with?(__FILE__) }
    }
  end

  def fail_with(client, path, error)
    told = error_body(error)
    $stderr.puts(JSON.generate(told))
    client.call("POST", path, JSON.generate(told),
                "Content-Type" => "application/json",
                "Lambda-Runtime-Function-Error-Type" => told[:errorType])
  end

  def marshal(result)
    JSON.generate(result)
  rescue JSON::GeneratorError, EncodingError => e
    raise RuntimeError.new("Runtime.MarshalError", "Unable to marshal response: #{e.message}")
  end

  def serve(client, handler)
    headers, body = client.call("GET", "/invocation/next")
    id = headers["lambda-runtime-aws-request-id"]
    ENV["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    begin
      result = handler.call(event: JSON.parse(body), context: Context.new(headers))
      client.call("POST", "/invocation/#{id}/response", marshal(result), "Content-Type" => "application/json")
    rescue StandardError, NotImplementedError => e
      fail_with(client, "/invocation/#{id}/error", e)
    end
  end

  def run
    $stdout.sync = $stderr.sync = true
    $LOAD_PATH.unshift(ENV.fetch("LAMBDA_TASK_ROOT"))
    client = Client.new(ENV.fetch("AWS_LAMBDA_RUNTIME_API"))
    begin
      handler = load_handler(ENV.fetch("LAMBDA_TASK_ROOT"), ENV.fetch("_HANDLER"))
    rescue Exception => e # rubocop:disable Lint/RescueException
      fail_with(client, "/init/error", e)
      exit(1)
    end
    loop { serve(client, handler) }
  end
end

LambdaNb.run if $PROGRAM_NAME == __FILE__
