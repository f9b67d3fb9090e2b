#include "base/rs256.h"

#include <doctest/doctest.h>

#include "base/digest.h"
#include "base/testing_key.h"
#include "base/text.h"

namespace mayfly {
namespace {

std::string refusal(std::string pem) {
  const auto key = RsaKey::from_pem(Secret(std::move(pem)));
  return key ? "" : std::string(info(key.error().code).name) + ": " + key.error().message;
}

TEST_CASE("rs256: what is signed fits the public key, and nothing else does") {
  const RsaKey key = RsaKey::from_pem(Secret(k_test_key)).value();
  const std::string signature = key.sign("header.payload");
  CHECK(signature.size() == 256);
  CHECK(rs256_fits(key.public_pem(), "header.payload", signature));
  CHECK_FALSE(rs256_fits(key.public_pem(), "header.payloae", signature));
  CHECK_FALSE(rs256_fits(key.public_pem(), "header.payload", signature.substr(1)));
  CHECK_FALSE(rs256_fits(key.public_pem(), "header.payload", ""));
  CHECK_FALSE(rs256_fits("", "header.payload", signature));
  CHECK_FALSE(rs256_fits(k_test_key, "header.payload", signature));
}

TEST_CASE("rs256: the signature is the one that `openssl dgst -sha256 -sign` makes") {
  const RsaKey key = RsaKey::from_pem(Secret(k_test_key)).value();
  CHECK(sha256_hex(key.sign("header.payload")) ==
        "cccb829a9d97bd2ce16119357ae8835b85690405afb64b07dcac5418a825cfa1");
}

TEST_CASE("rs256: PKCS#8 holds the same key") {
  const RsaKey one = RsaKey::from_pem(Secret(k_test_key)).value();
  const RsaKey other =
      RsaKey::from_pem(Secret("-----BEGIN PRIVATE KEY-----\n"
                              "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDLwpnSGPcWk5Zn\n"
                              "9Q6pPa7CT1+KGtVt5wCJlui/eOIVS81DDG+Pnre2J1Xg6MmJLHzDggubymshUvL/\n"
                              "GGO1bcUYrM8TouTcZ6+E9eTx8ZAs4FyQT9j4EJgQtiv4NIHpRk2gC64fO9GbR1ca\n"
                              "67F/swGnQgYIXv7KKGQ9tAVOmKrR6IRQbXeguielqrzqsQm0l/c7w2FeN3QTx9GP\n"
                              "8JETwBrrBEKlTeQLiFSE1VyvINaDfzz6IEZazyqIrqf2LopAzZv8vgXUQmFO1D2e\n"
                              "dEUkVGBHw8YoA55pJBoso2kvLojuSO7KOJQ0729369LJpMWoDLno6GT9svL1PuMf\n"
                              "7vL6W6enAgMBAAECggEABEoqZP9G41vbRsUChTUVou1Y3IEQ6xh56NIKYj2SVf09\n"
                              "wDwldJZ2kUP3AMBdV233zjCRXf9Yr+g/sBFNg9Gk3J+Xz6oFMy2f6SbTDLG5w5X3\n"
                              "w0/if+NENrO4ulKYIyxQzHOlsxCA7w4WPT2EyDFUk9jfdYHsnFpEzsnhUJbR9Qcw\n"
                              "pa90ZU+ChPWi9YiCT/Jc+YK+ZwIcsPwQ6ew0qvD0sNMq3N7CNyxEvlziwr6Y9a3o\n"
                              "wIIU4edN8OdsadhMOgPsvBFhaamojCiTvfU5NEpHZ9v2HAtJSZdEXNTFY55JEF3H\n"
                              "NC+y7i9kIRAkjUzDHd+jpxuskCZ6Ufpq+q+iRqNqwQKBgQDvOANMa63mSdOreI5Z\n"
                              "MXq+Vk+JixyPtmPrEwaR8aqA75gP6E9kwSwJ9rP3m/wmOL+aD4yx05XqAWdhpQh1\n"
                              "2uawxMpDv+6D8LiJ87TEAe6Qe59Ff4daonS7XOyZm5loXnEb2yu9HJ5yo0kmAHlF\n"
                              "bGL+AeTVfBGCvMafQgg3mdLMEwKBgQDaDc631KHoqAHua8CnBtkeJuo2ALo3zdyr\n"
                              "r2vkFBPjeR+dTqdjLMHJUyWjrwtceV50mf69QGK+XLiuewYUKrK0M0FQAwi+G01M\n"
                              "IjUFpyUAlP4wAfrUiO6vsKEfj1ab0JPSXxMKWeO0zhp1cu7cw1DJMnHPN6QMMKnp\n"
                              "dpnQFSmAnQKBgFUaVToTuLsLmq0O531dt/AM3qDtB40s8uEHVLgJBIJ4Ol22ZMBQ\n"
                              "ZK1qwd2d9ZdXavqQ+5mrz1J/i1rWjmr3JEjQybBOkLkJo20YcT+l/EwUXrYnx2x8\n"
                              "DRE23slK7MmPh6fEUgwmKUxZQMWvN3V2OMVqwREd4VDkfbjckfXN2ItXAoGBAI4l\n"
                              "wCPAvsevdorZvZ5k7XclgTsxIDQuxHM7iUcG+6wnkr92vdH+JFo9FOVuwCZJjJTQ\n"
                              "qurupTBZu58q3dyZtSOZ4jLpt3JO1AYUqqIDwzBs8IOVVtHkbk0kBPVQ+PHcd/EF\n"
                              "P6FY1gNQ9JiqEyLhRLHUa7LdH9k+hBWI1l563TJVAoGBAJ04v1hTW8AcCsr1M00Q\n"
                              "JSGy9qMgf7/2bR+sOjYibEds6v0f+KOo1i8icpFzpOkdhx6MpIq42X+X+xlXK2kT\n"
                              "mVoIVpqpppRcVY8LQ4Rziesi4A05i7vrdtNRK0e3RYMWOkpY7nSFSP5kdxP41AJh\n"
                              "eQTIUna4/PFw2CaaiEIwGcti\n"
                              "-----END PRIVATE KEY-----\n"))
          .value();
  CHECK(one.public_pem() == other.public_pem());
}

TEST_CASE("rs256: what is no RSA key without a password is refused, and not repeated") {
  CHECK(refusal("").find("no private key in PEM") != std::string::npos);
  CHECK(refusal("hunter2").find("hunter2") == std::string::npos);
  CHECK(refusal(k_test_key.substr(0, k_test_key.size() / 2)).find("no private key") !=
        std::string::npos);
  CHECK(refusal(std::string(20'000, 'x')).find("too long") != std::string::npos);
  CHECK(refusal("-----BEGIN RSA PRIVATE KEY-----\n"
                "MIICXgIBAAKBgQDCZe+GGuFvsbz+qioKQ0btXvgtdVx/H+Zy/n0jExTgRttSovjo\n"
                "3U9ZPRG2mO18RPSeNMYhgfcKu5tW8TkLcyFhv+HB9wLm9j0QqXy9iGi705K/f3j6\n"
                "IjY+dDrEngeIrPcb7wY7Auj+Dr2Jk4FBPC/AB8wg12iQD8mG51UW0jYxQQIDAQAB\n"
                "AoGBALNi1VDu5TDo1vo5lGm8A2tvw5xPPHeivElJRbhkF1OOjz0GXqKj9mDm1b2m\n"
                "CSAvkXucP2kUQR+KV6I3HujN6PJpekWetv+MZQ5uVwSN5HGSgfHC8WY+Q569koQL\n"
                "T0DYL2FnykTiNhcJU0x90Hsb9Y9rYBLYiLD3fRxTLkpTylbxAkEA9AebhU/qJt8w\n"
                "ML64avTswt9KZUeH8eY+MaL0sk+kz74DqBBeutH+Fa+C8jakW5peONeqVPQAXH6A\n"
                "q0MjDUJ0XwJBAMvvFRWVqweHWV7/vTMWcjrL/cJrYiwST/BL6iQoIkd0n0g/phRD\n"
                "qYB8lhwl+/eo0rE9puqkVok5brS4CP5iPl8CQA/byrSQK/RYvsX8LvnsbtJ/NlN8\n"
                "oY4L23DYWTSZTmmdvJkYbz+O1AdOv6DEAkxdrM/e3BfnP3rDUdNPaqC699sCQQCV\n"
                "WdbbI+1JajptdGWfkIS/wr1pMTOIizC4DyC+shXItwQf6V074gG084kLvFW3npAO\n"
                "9dPUa95kSQdmmpEbm9+JAkEAqLVF/0PqG0khpRpRV9bAUMv/z6Y63e8sFLWqNCpx\n"
                "jVin0CQjNUsO+wj/fRle6QpgH8QLeQWU3derYlY4qv+naQ==\n"
                "-----END RSA PRIVATE KEY-----\n")
            .find("1024 bits") != std::string::npos);
  CHECK(refusal("-----BEGIN EC PRIVATE KEY-----\n"
                "MHcCAQEEIDaG9EkOCVwl13yWzknps+2YWN/a51eFkufS0nuatpezoAoGCCqGSM49\n"
                "AwEHoUQDQgAEVFShWoTk7y9elWb1Y7/2+WQShvkZCEp962soMwBaHrwnfjUH/WL0\n"
                "4h13nJAg0w2DM4gAaVCM+2/1HtHc+ZEClQ==\n"
                "-----END EC PRIVATE KEY-----\n")
            .find("not of RSA") != std::string::npos);
  CHECK(refusal("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgDsoksUCQwJgICCAAw\n"
                "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEDbgdfrRwpW/5Ki/Nsj0BqQEgZBK\n"
                "FUNEEZxNcwaNQloMMgHfkG3eTD9LQaGMYpCny3PBfALylEWrnS41clsBwSPZlUks\n"
                "aUv5du7TPx5kz5U+roWJVSEJelmh/JuAq84ORSi+xxmhf1i5Na27+ZwM9OCq5V/t\n"
                "jU3keZIHNnEEg3LrapHtf+N8wkSmaDnumDLEdtJrKLrMrBbBJ6QAco4t9lvxYKE=\n"
                "-----END ENCRYPTED PRIVATE KEY-----\n")
            .find("without a password") != std::string::npos);
}

}  // namespace
}  // namespace mayfly
