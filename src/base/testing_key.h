#pragma once

// A private key for tests.

#include <string>

namespace mayfly {

// Made for tests alone, and of no use anywhere: OpenSSL 3.0, `openssl genrsa -traditional`.
inline const std::string k_test_key =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEpAIBAAKCAQEAy8KZ0hj3FpOWZ/UOqT2uwk9fihrVbecAiZbov3jiFUvNQwxv\n"
    "j563tidV4OjJiSx8w4ILm8prIVLy/xhjtW3FGKzPE6Lk3GevhPXk8fGQLOBckE/Y\n"
    "+BCYELYr+DSB6UZNoAuuHzvRm0dXGuuxf7MBp0IGCF7+yihkPbQFTpiq0eiEUG13\n"
    "oLonpaq86rEJtJf3O8NhXjd0E8fRj/CRE8Aa6wRCpU3kC4hUhNVcryDWg388+iBG\n"
    "Ws8qiK6n9i6KQM2b/L4F1EJhTtQ9nnRFJFRgR8PGKAOeaSQaLKNpLy6I7kjuyjiU\n"
    "NO9vd+vSyaTFqAy56Ohk/bLy9T7jH+7y+lunpwIDAQABAoIBAARKKmT/RuNb20bF\n"
    "AoU1FaLtWNyBEOsYeejSCmI9klX9PcA8JXSWdpFD9wDAXVdt984wkV3/WK/oP7AR\n"
    "TYPRpNyfl8+qBTMtn+km0wyxucOV98NP4n/jRDazuLpSmCMsUMxzpbMQgO8OFj09\n"
    "hMgxVJPY33WB7JxaRM7J4VCW0fUHMKWvdGVPgoT1ovWIgk/yXPmCvmcCHLD8EOns\n"
    "NKrw9LDTKtzewjcsRL5c4sK+mPWt6MCCFOHnTfDnbGnYTDoD7LwRYWmpqIwok731\n"
    "OTRKR2fb9hwLSUmXRFzUxWOeSRBdxzQvsu4vZCEQJI1Mwx3fo6cbrJAmelH6avqv\n"
    "okajasECgYEA7zgDTGut5knTq3iOWTF6vlZPiYscj7Zj6xMGkfGqgO+YD+hPZMEs\n"
    "Cfaz95v8Jji/mg+MsdOV6gFnYaUIddrmsMTKQ7/ug/C4ifO0xAHukHufRX+HWqJ0\n"
    "u1zsmZuZaF5xG9srvRyecqNJJgB5RWxi/gHk1XwRgrzGn0IIN5nSzBMCgYEA2g3O\n"
    "t9Sh6KgB7mvApwbZHibqNgC6N83cq69r5BQT43kfnU6nYyzByVMlo68LXHledJn+\n"
    "vUBivly4rnsGFCqytDNBUAMIvhtNTCI1BaclAJT+MAH61Ijur7ChH49Wm9CT0l8T\n"
    "ClnjtM4adXLu3MNQyTJxzzekDDCp6XaZ0BUpgJ0CgYBVGlU6E7i7C5qtDud9Xbfw\n"
    "DN6g7QeNLPLhB1S4CQSCeDpdtmTAUGStasHdnfWXV2r6kPuZq89Sf4ta1o5q9yRI\n"
    "0MmwTpC5CaNtGHE/pfxMFF62J8dsfA0RNt7JSuzJj4enxFIMJilMWUDFrzd1djjF\n"
    "asERHeFQ5H243JH1zdiLVwKBgQCOJcAjwL7Hr3aK2b2eZO13JYE7MSA0LsRzO4lH\n"
    "BvusJ5K/dr3R/iRaPRTlbsAmSYyU0Krq7qUwWbufKt3cmbUjmeIy6bdyTtQGFKqi\n"
    "A8MwbPCDlVbR5G5NJAT1UPjx3HfxBT+hWNYDUPSYqhMi4USx1Guy3R/ZPoQViNZe\n"
    "et0yVQKBgQCdOL9YU1vAHArK9TNNECUhsvajIH+/9m0frDo2ImxHbOr9H/ijqNYv\n"
    "InKRc6TpHYcejKSKuNl/l/sZVytpE5laCFaaqaaUXFWPC0OEc4nrIuANOYu763bT\n"
    "UStHt0WDFjpKWO50hUj+ZHcT+NQCYXkEyFJ2uPzxcNgmmohCMBnLYg==\n"
    "-----END RSA PRIVATE KEY-----\n";

}  // namespace mayfly
