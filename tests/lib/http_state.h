// SPDX-License-Identifier: Apache-2.0
/* What the server of http_client.h has on its disk. */
#pragma once

/* Files below blobs/, temporary ones too. */
int test_blob_files(void);
