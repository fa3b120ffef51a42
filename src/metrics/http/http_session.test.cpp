#include "metrics/http/http_session.hpp"

#include <string>

#include <gtest/gtest.h>

#include "metrics/http/http_server.rig.hpp"

namespace wallaroo::internal {
namespace {

using Http = RunningServer;

TEST_F(Http, AnswersAKnownPathWithAnyQuery) {
  for (const char* path : {"/hello", "/hello?x=1&y=/hello"}) {
    const std::string response = get(server, path);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\nhello\n")) << response;
  }
}

TEST_F(Http, AnswersOnlyToItsOwnNames) {
  const auto ask_as = [&](const std::string& path, const std::string& host) {
    return ask(server,
               "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");
  };
  EXPECT_TRUE(ask_as("/hello", "127.0.0.1:9090").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask_as("/hello", "ui.example").starts_with("HTTP/1.1 200 "));
  const std::string refused = ask_as("/hello", "evil.example:9090");
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 421 ")) << refused;
  EXPECT_NE(refused.find("--http-host evil.example"), std::string::npos) << refused;
  EXPECT_EQ(refused.find("hello"), std::string::npos) << refused;
  EXPECT_TRUE(ask_as("/open", "evil.example").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, EveryAnswerTellsBrowsersToBeStrict) {
  for (const char* path : {"/hello", "/nope", "/broken", "/kept"}) {
    const std::string response = get(server, path);
    for (const char* field :
         {"Content-Security-Policy: default-src 'self'", "X-Content-Type-Options: nosniff",
          "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
          "Cross-Origin-Resource-Policy: same-origin"}) {
      EXPECT_NE(response.find(field), std::string::npos) << path << ": " << response;
    }
  }
}

TEST_F(Http, APageThatTheClientHasIsNotSentAgain) {
  const std::string first = get(server, "/kept");
  EXPECT_NE(first.find("ETag: W/\"abc1\"\r\n"), std::string::npos) << first;
  EXPECT_NE(first.find("Cache-Control: no-cache\r\n"), std::string::npos) << first;
  EXPECT_TRUE(first.ends_with("kept\n")) << first;
  const auto ask_again = [&](const std::string& tag) {
    return ask(server,
               "GET /kept HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
               "If-None-Match: " +
                   tag + "\r\n\r\n");
  };
  for (const char* tag : {"W/\"abc1\"", "\"abc1\"", "\"x\", W/\"abc1\"", "*"}) {
    const std::string again = ask_again(tag);
    EXPECT_TRUE(again.starts_with("HTTP/1.1 304 ")) << again;
    EXPECT_TRUE(again.ends_with("\r\n\r\n")) << again;
  }
  for (const char* tag : {"W/\"abc\"", "abc1", "\"abc12\""}) {
    EXPECT_TRUE(ask_again(tag).starts_with("HTTP/1.1 200 ")) << tag;
  }
}

TEST_F(Http, HandlersGetTheQuery) {
  EXPECT_TRUE(get(server, "/echo?text=a%20b&other=1").ends_with("\r\n\r\na b"));
}

TEST_F(Http, ErrorsUnderApiAreJson) {
  const std::string response = get(server, "/api/v1/nope");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 404 ")) << response;
  EXPECT_NE(response.find("Content-Type: application/json"), std::string::npos) << response;
  EXPECT_NE(response.find("{\"format\":1,\"error\":\"there is no page"), std::string::npos)
      << response;
}

TEST_F(Http, AnUnknownPathIs404WithTheListOfPages) {
  const std::string response = get(server, "/nope");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 404 ")) << response;
  for (const char* path : {"'/nope'", "/hello\n", "/broken\n"}) {
    EXPECT_NE(response.find(path), std::string::npos) << path;
  }
}

TEST_F(Http, HeadHasTheHeaderOfGetAndNoBody) {
  const std::string response =
      ask(server, "HEAD /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
  EXPECT_NE(response.find("Content-Length: 6\r\n"), std::string::npos) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\n")) << response;
}

TEST_F(Http, OtherMethodsAre405AndNameWhatIsAllowed) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string response =
        ask(server, std::string(method) + " /hello HTTP/1.1\r\nHost: localhost\r\n" +
                        "Content-Length: 5\r\n\r\n12345");
    EXPECT_TRUE(response.starts_with("HTTP/1.1 405 ")) << response;
    EXPECT_NE(response.find("Allow: GET, HEAD\r\n"), std::string::npos) << response;
  }
}

TEST_F(Http, AGetWithABodyIsRefused) {
  EXPECT_TRUE(ask(server, "GET /hello HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
                  .starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, "GET /hello HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
                  .starts_with("HTTP/1.1 400 "));
}

TEST_F(Http, AHandlerThatThrowsIs500AndTheServerGoesOn) {
  const std::string response = get(server, "/broken");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 ")) << response;
  EXPECT_NE(response.find("no luck"), std::string::npos) << response;
  EXPECT_TRUE(get(server, "/odd").starts_with("HTTP/1.1 500 "));
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, GarbageIsRefusedAndTheServerGoesOn) {
  std::string garbage;
  for (int i = 0; i < 4096; ++i) {
    garbage += static_cast<char>((i * 37) ^ (i >> 3));
  }
  EXPECT_TRUE(ask(server, garbage).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, std::string(200, '\0')).starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(server, "\x16\x03\x01\x02 a TLS hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, AnOversizedHeaderIsRefused) {
  const std::string response =
      ask(server, "GET /hello HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 431 ")) << response;
  EXPECT_TRUE(ask(server, "GET /" + std::string(100'000, 'x')).starts_with("HTTP/1.1 4"));
}

TEST_F(Http, AConnectionIsKeptForFurtherAndPipelinedRequests) {
  Client client(server.address());
  const std::string request = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (int i = 0; i < 3; ++i) {
    client.send(request);
    EXPECT_TRUE(client.read_response().ends_with("hello\n"));
  }
  client.send(request + request);
  EXPECT_TRUE(client.read_response().ends_with("hello\n"));
  EXPECT_TRUE(client.read_response().ends_with("hello\n"));
}

TEST_F(Http, AClientThatCutsItsRequestDisturbsNobody) {
  for (int i = 0; i < 20; ++i) {
    Client client(server.address());
    client.send("GET /he");
  }
  EXPECT_TRUE(get(server, "/hello").starts_with("HTTP/1.1 200 "));
}

TEST_F(Http, ASlowPageIsMadeElsewhereAndMayFailToo) {
  EXPECT_TRUE(get(server, "/slow").ends_with("\r\n\r\n" + std::string(100'000, 's')));
  const std::string response = get(server, "/slow/broken");
  EXPECT_TRUE(response.starts_with("HTTP/1.1 500 ")) << response;
  EXPECT_TRUE(response.ends_with("/slow/broken: slowly\n")) << response;
}

TEST_F(Http, ASlowPageIsCompressedForThoseWhoAskAndOnlyForThem) {
  const auto ask_with = [&](const std::string& method, const std::string& fields) {
    return ask(server, method + " /slow HTTP/1.1\r\nConnection: close\r\n" + fields + "\r\n");
  };
  const std::string plain = ask_with("GET", "");
  EXPECT_EQ(plain.find("Content-Encoding"), std::string::npos);
  EXPECT_EQ(ask_with("GET", "Accept-Encoding: br, gzip;q=0\r\n").size(), plain.size());
  const std::string compressed =
      ask_with("GET", "Accept-Encoding: br\r\nAccept-Encoding: gzip\r\n");
  EXPECT_NE(compressed.find("Content-Encoding: gzip\r\n"), std::string::npos);
  EXPECT_NE(compressed.find("\r\n\r\n\x1f\x8b\x08"), std::string::npos);
  EXPECT_LT(compressed.size(), 2'000U);
  const std::string head = ask_with("HEAD", "Accept-Encoding: gzip\r\n");
  EXPECT_EQ(head, compressed.substr(0, compressed.find("\r\n\r\n") + 4));
}

}  // namespace
}  // namespace wallaroo::internal
